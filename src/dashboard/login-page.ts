const FORM =
  '<form method="post" action="/dashboard/login"><label for="token">Token</label> <input id="token" name="token" type="password" autocomplete="current-password" required> <button>Open</button></form>';

/** The page for a refused visitor: the reason, and the log-in form if there is a token. `detail` is not escaped. */
export function loginPage(detail: string, withForm: boolean): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>Customer sync</title><link rel="icon" href="/dashboard/icon.svg"><link rel="stylesheet" href="/dashboard/page.css"><main class="login"><h1>Customer sync</h1><p>${detail}</p>${withForm ? FORM : ''}</main></html>`;
}
