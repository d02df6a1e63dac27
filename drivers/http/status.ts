/** Of those that are expected; 200 to 299 where none is said. */
export const rightStatus = (status: number, expected: readonly number[] | undefined): boolean =>
  expected ? expected.includes(status) : status >= 200 && status <= 299;
