/** F19: rows and files are copied one after the other, in this order, while somebody writes both. */
export const rowsAndFiles: { name: string; order: string; exitCode: number; red: string[]; said: RegExp }[] =
  [
    {
      name: 'files were copied before their rows',
      order: 'files-first',
      exitCode: 1,
      red: ['check/rows-have-files'],
      said: /[1-9]\d* of \d+ rows have no file/,
    },
    {
      name: 'rows were copied before their files',
      order: 'rows-first',
      exitCode: 1,
      red: ['check/files-have-rows'],
      said: /[1-9]\d* of \d+ files have no row/,
    },
    {
      name: 'nobody wrote while rows and files were copied',
      order: 'held',
      exitCode: 0,
      red: [],
      said: /ended with 0: 0 of [1-9]\d*/,
    },
  ];
