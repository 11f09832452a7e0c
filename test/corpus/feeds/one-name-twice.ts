import { greets, web } from '../hostile-feed.ts';

export default greets(/hello: services: one name twice$/, () => [web(), web({ state: 'down' })]);
