/** A hub of the bus benchmark, in a process of its own. */
import { serveHub } from '../bus/scene.ts';

const [url = ''] = process.argv.slice(2);
const at = await serveHub(url);
process.send?.({ ws: at.ws });
