import { probe } from './probe.mjs';

export default {
  async fetch() {
    return new Response(JSON.stringify(await probe()));
  },
};
