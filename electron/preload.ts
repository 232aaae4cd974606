import { contextBridge, type IpcRendererEvent, ipcRenderer, webUtils } from 'electron'

// Exposes only the pipe. The contract, checked in the backend, defines what the page may request.
contextBridge.exposeInMainWorld('putio', {
  send: (message: unknown) => ipcRenderer.send('putio', message),
  onMessage: (listener: (message: unknown) => void) => {
    ipcRenderer.on('putio', (_event: IpcRendererEvent, message: unknown) => listener(message))
  },
})

// Only a file that the person dropped or pasted has a path; one that the page makes has none.
contextBridge.exposeInMainWorld('pathOf', (file: File) => webUtils.getPathForFile(file))
