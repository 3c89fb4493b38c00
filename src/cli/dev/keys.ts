import { FAULT_NAMES, type FaultName } from './faults.ts';

/** What a key does. */
export interface Actions {
  toggleFault(name: FaultName): void;
  toggleTraffic(): void;
  changeCustomer(): void;
  placeOrder(): void;
  restart(): void;
  quit(): void;
}

/** The keys, for a person. */
export const KEYS = `Keys:  c change a customer   o place an order   t traffic on or off   r start again   q end
       faults: ${FAULT_NAMES.map((name, index) => `${index + 1} ${name}`).join('   ')}`;

/** Reads keys from a terminal; does nothing where there is none. Returns how to stop. */
export function readKeys(input: NodeJS.ReadableStream, actions: Actions): () => void {
  if (!isTerminal(input)) return () => {};
  const onKey = (text: Buffer | string) => {
    for (const key of String(text)) press(key, actions);
  };
  input.setRawMode(true);
  input.on('data', onKey);
  return () => {
    input.off('data', onKey);
    input.setRawMode(false);
    input.pause();
  };
}

function press(key: string, actions: Actions): void {
  const fault = FAULT_NAMES[Number(key) - 1];
  if (fault) actions.toggleFault(fault);
  else if (key === 't') actions.toggleTraffic();
  else if (key === 'c') actions.changeCustomer();
  else if (key === 'o') actions.placeOrder();
  else if (key === 'r') actions.restart();
  // In raw mode Ctrl-C is a character and no signal.
  else if (key === 'q' || key === '\u0003') actions.quit();
}

interface Terminal extends NodeJS.ReadableStream {
  setRawMode(raw: boolean): unknown;
}

function isTerminal(input: NodeJS.ReadableStream): input is Terminal {
  return 'isTTY' in input && input.isTTY === true && 'setRawMode' in input;
}
