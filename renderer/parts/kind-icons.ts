import {
  Archive,
  Clapperboard,
  File,
  FileImage,
  FileText,
  FileType,
  Film,
  Folder,
  Music,
  NotebookText,
} from 'lucide-react'

/** The icon of each kind of item. */
export const kindIcons = {
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
