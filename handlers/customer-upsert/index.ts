import { setTimeout as pause } from 'node:timers/promises';
import { defineHandler } from '../../src/handler.ts';
import { createHandle } from './handle.ts';
import { createMap } from './mapping/map.ts';
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
    await tryMapping(createMap(props.mapping));
    return createHandle(props, settings, (milliseconds, signal) =>
      pause(milliseconds, undefined, { signal }),
    );
  },

  createPreview(props) {
    const map = createMap(props.mapping);
    return {
      preview: preview(map, props),
      idAttribute: ID_ATTRIBUTE,
      projectAttribute: PROJECT_ATTRIBUTE,
      sentFields: () => sentFields(map, props.mapping),
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
