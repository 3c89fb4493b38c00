import { setTimeout as pause } from 'node:timers/promises';
import { defineHandler } from '../../src/handler.ts';
import type { Dependencies } from './converge.ts';
import { createHandle } from './handle.ts';
import { type CustomerMap, createMap } from './mapping/map.ts';
import { tryMapping } from './mapping/trial.ts';
import { preview } from './preview.ts';
import { Props } from './props.ts';
import { ID_ATTRIBUTE, PROJECT_ATTRIBUTE } from './record.ts';
import { sentFields } from './sent-fields.ts';

export default defineHandler({
  description: 'Creates or updates the Fluent customer of a commercetools customer.',
  props: Props,
  readsCurrentState: true,

  async create(props, settings) {
    const map = createMap(props.mapping);
    await tryMapping(map);
    const wait: Dependencies['pause'] = (milliseconds, signal) => pause(milliseconds, undefined, { signal });
    return createHandle(props, settings, wait, map);
  },

  createPreview(props) {
    // Compiled with the first preview: the service itself makes none.
    let compiled: CustomerMap | undefined;
    const map = () => {
      compiled ??= createMap(props.mapping);
      return compiled;
    };
    return {
      preview: (event, context) => preview(map(), props)(event, context),
      idAttribute: ID_ATTRIBUTE,
      projectAttribute: PROJECT_ATTRIBUTE,
      sentFields: () => sentFields(map(), props.mapping),
      sourceOf,
      mapping: props.mapping,
    };
  },
});

/** Fields are named as in `differing`: `attributes.<name>` for attributes, whose names may hold dots. */
function sourceOf(field: string): string[] {
  const attribute = /^attributes\.(.*)$/s.exec(field)?.[1];
  return attribute === undefined ? ['mapping', field] : ['mapping', 'attributes', attribute];
}
