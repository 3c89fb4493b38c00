/** A prop that passes its schema but cannot work. */
export interface UnusableProp {
  /** Its path in the props. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly found: string;
  readonly advice?: string;
}

/** Thrown by a handler's `create` for props that cannot work; the start fails with the line of each. */
export class UnusableProps extends Error {
  readonly props: readonly UnusableProp[];

  constructor(props: readonly UnusableProp[]) {
    super(
      props
        .map(({ path, expected, found }) => `${path.join('.')}: expected ${expected}, found ${found}`)
        .join('; '),
    );
    this.name = 'UnusableProps';
    this.props = props;
  }
}
