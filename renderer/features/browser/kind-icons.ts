import {
  Archive,
  Clapperboard,
  File,
  FileImage,
  FileText,
  FileType,
  Film,
  Folder,
  type LucideIcon,
  Music,
  NotebookText,
} from 'lucide-react'
import type { ItemKind } from '../../../shared/item.ts'

/** The icon of each kind of item. */
export const kindIcons: Record<ItemKind, LucideIcon> = {
  folder: Folder,
  file: File,
  audio: Music,
  movie: Film,
  image: FileImage,
  archive: Archive,
  pdf: FileText,
  document: NotebookText,
  text: FileType,
  flash: Clapperboard,
}
