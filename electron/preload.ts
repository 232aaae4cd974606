import { contextBridge, type IpcRendererEvent, ipcRenderer } from 'electron'

// Only the pipe crosses. What may be asked is decided by the contract, in the backend.
contextBridge.exposeInMainWorld('putio', {
  send: (message: unknown) => ipcRenderer.send('putio', message),
  onMessage: (listener: (message: unknown) => void) => {
    ipcRenderer.on('putio', (_event: IpcRendererEvent, message: unknown) => listener(message))
  },
})
