export const apiPort = 8474;
