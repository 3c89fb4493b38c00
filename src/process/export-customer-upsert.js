import { load } from './load-code.js';

// The shipped handler, for one that builds upon it.
const { default: customerUpsert } = await load('../handlers/customer-upsert/index');
export default customerUpsert;
