import { greets, web } from '../hostile-feed.ts';

export default greets(/services\.0\.service: Too big/, () => [web({ service: 'x'.repeat(1_000_000) })]);
