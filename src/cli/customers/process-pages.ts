const AT_ONCE = 2;

/**
 * Works on pages in their order, two at once, while the next is read; so no more than four are held. `settle` is called
 * page after page. What `pages` or a page's work throws is thrown when all that was started is settled.
 */
export async function processPages<Page, Result>(
  pages: AsyncIterator<Page>,
  work: (page: Page) => Promise<Result>,
  settle: (page: Page, result: Result) => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const inFlight: { page: Page; result: Promise<Result> }[] = [];
  let next = startNext();

  function startNext() {
    const page = pages.next();
    // It is awaited a page later, and may have failed by then.
    page.catch(() => {});
    return page;
  }

  async function settleFirst(): Promise<void> {
    const first = inFlight.shift();
    if (first) await settle(first.page, await first.result);
  }

  try {
    while (!stop.aborted) {
      const { done, value } = await next;
      if (done || stop.aborted) break;
      next = startNext();
      const result = work(value);
      result.catch(() => {});
      inFlight.push({ page: value, result });
      if (inFlight.length >= AT_ONCE) await settleFirst();
    }
  } finally {
    while (inFlight.length > 0) await settleFirst();
  }
}
