/** Other load on the machine: takes a share of one core, in slices of 20 ms. `node load.js SHARE`. */
const share = Number(process.argv[2]);
const SLICE_MS = 20;

process.on('disconnect', () => process.exit(0));
setInterval(() => {
  const until = performance.now() + share * SLICE_MS;
  while (performance.now() < until);
}, SLICE_MS);
