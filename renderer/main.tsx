import './theme.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { connect } from '../shared/rpc.ts'
import { App } from './app/app.tsx'
import { ErrorBoundary } from './app/error-boundary.tsx'
import { windowPort } from './port.ts'
import { rememberWindow } from './store/remembered.ts'
import { createAppStore } from './store/store.ts'
import { StoreProvider } from './store/use-app.ts'

// Base UI would ask for the promises of animations. Chromium then keeps a removed dialog in memory, with the secrets typed into it.
Object.assign(globalThis, { BASE_UI_ANIMATIONS_DISABLED: true })
document.documentElement.dataset.platform = /mac/i.test(navigator.userAgent)
  ? 'mac'
  : /windows/i.test(navigator.userAgent)
    ? 'windows'
    : 'linux'
const root = document.getElementById('root')
if (root === null) throw new Error('The page has no root element.')
const store = createAppStore(connect(windowPort))
const forgetWindow = rememberWindow(store, () => localStorage, window)
createRoot(root).render(
  <StrictMode>
    <StoreProvider value={store}>
      <ErrorBoundary onError={forgetWindow}>
        <App />
      </ErrorBoundary>
    </StoreProvider>
  </StrictMode>,
)
// Draws the remembered window first: the backend is loaded on the first request.
requestAnimationFrame(() => setTimeout(() => void store.getState().sync()))
