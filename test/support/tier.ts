/** `npm run test:all`: everything. Without it, what `npm test` runs, in a quarter of an hour. */
export const everything = process.env['MUSTER_TESTS'] === 'all';
