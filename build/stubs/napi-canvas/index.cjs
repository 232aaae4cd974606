throw new Error('There is no canvas here: PDFs are drawn in the window.')
