/** What services answer that shows nothing, by name; `beside`: what is nearly the same and right. */
export const believed = {
  anything: {
    name: 'a read that answers 200 whatever is asked for',
    exit: '69, before anything is broken',
    beside: 'a read without a value that is answered 404 for what is not there',
  },
  echo: {
    name: 'the same that says what it was asked for',
    exit: '69, before anything is broken',
    beside: 'a read without a value that is answered 404 for what is not there',
  },
  removed: {
    name: 'a list that lacks a removed record which still answers',
    exit: 'nothing read back',
    beside: 'a list that lacks what was removed, as reading does',
  },
  index: {
    name: 'a list of what nobody can read any more, as an index that outlived its table',
    exit: 'nothing read back',
    beside: 'a list of what is there',
  },
  cached: {
    name: 'records and lists that a cache gives, of a service that has none of them any more',
    exit: 'nothing read back',
    beside: 'records that a cache has asked the service for',
  },
  bare: {
    name: 'a list without values, of records of which one has an older value',
    exit: 'the older value is found',
    beside: 'a list without values, of records that have theirs',
  },
} as const;
