// Live: keeps the open page fresh. Asks /api/v1/state every few seconds (an ETag makes "nothing new" cost 200 bytes), and
// when something changed takes the page again and puts in the parts that differ. Never decides anything by itself.
// A classic script, not a module: modules need Chrome 61. XMLHttpRequest, because fetch cannot time out on those phones.
(function () {
  'use strict';

  const POLL_MS = 3000, FAST_MS = 700, TIMEOUT_MS = 5000, WHOLE_PAGE_MS = 60000, QUIET_MS = 600;
  const state = document.body.dataset.state;
  let etag = '', timer = 0, pressing = 0, wholeAt = Date.now(), failures = 0;

  function ask(method, url, options) {
    return new Promise(function (resolve, reject) {
      const request = new XMLHttpRequest();
      request.open(method, url);
      request.timeout = TIMEOUT_MS;
      request.responseType = options.type || '';
      Object.keys(options.headers || {}).forEach(function (name) { request.setRequestHeader(name, options.headers[name]); });
      request.onload = function () { resolve(request); };
      request.onerror = request.ontimeout = reject;
      request.send(options.body || null);
    });
  }

  // Puts in every part of `fresh` that differs from what is shown; parts with an order on them wait for its end.
  function put(fresh) {
    fresh.querySelectorAll('[data-live]').forEach(function (part) {
      const old = document.querySelector('[data-live="' + part.dataset.live + '"]');
      if (!old || old.dataset.orderState || part.dataset.live === 'offline' && failures) return;
      if (part.dataset.live === 'sprite') return merge(old, part);
      if (old.outerHTML !== part.outerHTML) replace(old, part);
    });
  }

  function replace(old, part) {
    const focused = old.contains(document.activeElement);
    const place = focused ? Array.from(old.querySelectorAll('a,button,summary')).indexOf(document.activeElement) : -1;
    const fresh = document.importNode(part, true);
    const folds = fresh.querySelectorAll('details');
    old.querySelectorAll('details').forEach(function (fold, at) { if (fold.open && folds[at]) folds[at].open = true; });
    old.parentNode.replaceChild(fresh, old);
    if (place >= 0) (fresh.querySelectorAll('a,button,summary')[place] || document.body).focus();
  }

  // Symbols that this page did not have; those it has may be in use by a card that waits for its order.
  function merge(own, sprite) {
    sprite.querySelectorAll('symbol').forEach(function (symbol) {
      if (!document.getElementById(symbol.id)) own.appendChild(document.importNode(symbol, true));
    });
  }

  function offline(is) {
    const banner = document.getElementById('offline');
    failures = is ? failures + 1 : 0;
    const show = failures > 1;  // one lost packet is no news
    if (banner.hidden === !show) return;
    banner.hidden = !show;
    document.body.classList.toggle('offline', show);
    document.querySelectorAll('.machine button, .stop button').forEach(function (button) { button.disabled = show; });
  }

  function refresh() {
    const whole = Date.now() - wholeAt > WHOLE_PAGE_MS;
    return ask('GET', location.href, { type: 'document', headers: whole ? {} : { 'X-Live': 'now' } }).then(function (request) {
      if (request.status !== 200 || !request.response) return;
      if (whole) wholeAt = Date.now();
      if (Date.now() - pressing > QUIET_MS) put(request.response); else etag = '';
    });
  }

  function poll() {
    ask('GET', state, { headers: etag ? { 'If-None-Match': etag } : {} }).then(function (request) {
      if (request.status >= 500) throw new Error('server');
      offline(false);
      if (request.status !== 200) return null;
      etag = request.getResponseHeader('ETag') || '';
      return refresh();
    }).catch(function () { offline(true); }).then(again);
  }

  function again() {
    clearTimeout(timer);
    const fast = failures || document.querySelector('[data-fast="1"]');
    if (!document.hidden) timer = setTimeout(poll, fast ? FAST_MS : POLL_MS);
  }

  function now() { clearTimeout(timer); etag = ''; poll(); }

  document.addEventListener('visibilitychange', function () { if (document.hidden) clearTimeout(timer); else now(); });
  window.addEventListener('pageshow', function (event) { if (event.persisted) now(); });
  ['touchstart', 'mousedown', 'keydown'].forEach(function (name) {
    document.addEventListener(name, function () { pressing = Date.now(); }, { passive: true });
  });

  window.nhavuon = { ask: ask, replace: replace, merge: merge, offline: offline, refresh: now };
  if (document.querySelector('[data-live]')) again();
})();
