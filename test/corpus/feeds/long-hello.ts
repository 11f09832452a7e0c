import { greets, web } from '../hostile-feed.ts';

export default greets(/^it sent a message of more than 16 MiB, which no feed has$/, () => [web()], {
  more: 'x'.repeat(60_000_000),
});
