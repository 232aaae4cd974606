/** The parent of removed items until their rows and contents are deleted. */
export const removedId = -1
/** The parent of items in the trash, which still count as stored. What is below them keeps its own parent. */
export const trashId = -2
