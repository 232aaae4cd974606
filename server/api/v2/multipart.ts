/** Adds the text fields of a multipart form. Files are ignored. Source: RFC 7578. */
export async function addMultipart(values: Map<string, unknown>, body: Buffer, type: string): Promise<void> {
  // Node's own parser, loaded only here.
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  for (const [name, value] of form) if (typeof value === 'string') values.set(name, value)
}
