/** What answers a sustained load may get, by name. `beside`: what is nearly the same and right. */
export const sustainCases = {
  redirected: {
    name: 'redirects to the log-in in the place of a page',
    exit: 'not counted as right',
    beside: 'answers of 401 to a probe that expects them',
  },
  failing: {
    name: 'answers of 503 in its place',
    exit: 'not counted as right',
    beside: 'answers of 200',
  },
  wrong: {
    name: 'a probe whose status is right, and whose body is not, before the load begins',
    exit: '69, before anything is broken',
    beside: 'a probe whose status and body are right',
  },
  following: {
    name: 'a probe that is right only where its redirect is followed',
    exit: '69, before anything is broken',
    beside: 'a probe that would follow a redirect, and gets none',
  },
} as const;
