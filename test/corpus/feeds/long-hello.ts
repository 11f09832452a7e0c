import { greets, web } from '../hostile-feed.ts';

export default greets(/^it sent a message that is longer than any of a feed$/, () => [web()], {
  more: 'x'.repeat(60_000_000),
});
