import { end64Bytes, endBytes, extraFields, lineBytes, locatorBytes, type ZipEntry } from './zip-directory.ts'

// Source: PKWARE APPNOTE 6.3.10, 4.3.7 to 4.3.16.

/**
 * An empty file to put before the zip. 7-Zip only accepts a directory that lists the first file, which may be one that is not to be
 * unpacked.
 */
export const zipCover = coverOf()

/** Builds a directory for some entries of a zip, to follow the cover and all `sizeBytes` of the zip. */
export function directoryOf(entries: readonly ZipEntry[], sizeBytes: number): Buffer {
  const offset = zipCover.length + sizeBytes
  const lines = [coverLine(), ...entries.map((entry) => lineAt(entry, zipCover.length))]
  const directory = Buffer.concat(lines)
  const end64 = Buffer.alloc(end64Bytes + locatorBytes + endBytes)
  end64.writeUInt32LE(0x06064b50, 0)
  end64.writeBigUInt64LE(BigInt(end64Bytes - 12), 4)
  end64.writeUInt16LE(45, 12)
  end64.writeUInt16LE(45, 14)
  end64.writeBigUInt64LE(BigInt(lines.length), 24)
  end64.writeBigUInt64LE(BigInt(lines.length), 32)
  end64.writeBigUInt64LE(BigInt(directory.length), 40)
  end64.writeBigUInt64LE(BigInt(offset), 48)
  const locator = end64.subarray(end64Bytes)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(offset + directory.length), 8)
  locator.writeUInt32LE(1, 16)
  const end = locator.subarray(locatorBytes)
  end.writeUInt32LE(0x06054b50, 0)
  end.fill(0xff, 8, 20)
  return Buffer.concat([directory, end64])
}

/** Builds the directory line of an entry with all numbers in the 64-bit field, on disk 0. */
function lineAt({ line, sizeBytes, packedBytes, offset }: ZipEntry, before: number): Buffer {
  const nameBytes = line.readUInt16LE(28)
  const name = line.subarray(lineBytes, lineBytes + nameBytes)
  const extra = line.subarray(lineBytes + nameBytes, lineBytes + nameBytes + line.readUInt16LE(30))
  // Only the fields that describe the encryption are needed.
  const others = [...extraFields(extra)]
    .filter(([id]) => id === 0x9901 || id === 0x0017)
    .map(([id, body]) => extraField(id, body))
  const wide = Buffer.alloc(24)
  for (const [index, value] of [sizeBytes, packedBytes, before + offset].entries())
    wide.writeBigUInt64LE(BigInt(value), index * 8)
  const all = Buffer.concat([extraField(1, wide), ...others])
  const head = Buffer.from(line.subarray(0, lineBytes))
  head.writeUInt32LE(0xffffffff, 20)
  head.writeUInt32LE(0xffffffff, 24)
  head.writeUInt16LE(all.length, 30)
  head.writeUInt16LE(0, 32)
  head.writeUInt16LE(0, 34)
  head.writeUInt32LE(0xffffffff, 42)
  return Buffer.concat([head, name, all])
}

function coverOf(): Buffer {
  const header = Buffer.alloc(31)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(10, 4)
  header.writeUInt16LE(1, 26)
  header.write('0', 30)
  return header
}

function coverLine(): Buffer {
  const line = Buffer.alloc(lineBytes + 1)
  line.writeUInt32LE(0x02014b50, 0)
  line.writeUInt16LE(10, 4)
  line.writeUInt16LE(10, 6)
  line.writeUInt16LE(1, 28)
  line.write('0', lineBytes)
  return line
}

function extraField(id: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(id, 0)
  head.writeUInt16LE(body.length, 2)
  return Buffer.concat([head, body])
}
