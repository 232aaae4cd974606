/** The policy of every page we serve: only bundled files and the contents of items as pictures, sound and films; no inline scripts or styles, no HTML built from strings. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  'media-src content:',
  "font-src 'self'",
  "connect-src 'self' content:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // Its only policy accepts the bundled workers.
  'trusted-types bundled-workers',
].join('; ')
