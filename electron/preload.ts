import { contextBridge, type IpcRendererEvent, ipcRenderer } from 'electron'

// Exposes only the pipe. The contract, checked in the backend, defines what the page may request.
contextBridge.exposeInMainWorld('putio', {
  send: (message: unknown) => ipcRenderer.send('putio', message),
  onMessage: (listener: (message: unknown) => void) => {
    ipcRenderer.on('putio', (_event: IpcRendererEvent, message: unknown) => listener(message))
  },
})
