// Order: a tap on a machine without leaving the page. "Sending" is true the moment the tap is sent; what comes after is
// what the hub says the node reported. Without this script the same form leads to the order's own page.
(function () {
  'use strict';

  const LOOK_MS = 400, SHOW_MS = 20000;
  const page = window.nhavuon;

  function card(element) { return element.closest('[data-live]'); }

  // The body of a form as its pressed button would send it.
  function body(form, button) {
    const fields = Array.from(form.querySelectorAll('input[name]')).concat(button);
    return fields.map(function (field) {
      return encodeURIComponent(field.name) + '=' + encodeURIComponent(field.value);
    }).join('&');
  }

  function sending(shown) {
    shown.dataset.orderState = 'sending';
    shown.querySelectorAll('button').forEach(function (button) { button.disabled = true; });
    const line = shown.querySelector('.state'), dots = document.createElement('span');
    dots.className = 'dots';
    dots.setAttribute('role', 'status');
    dots.textContent = shown.dataset.sending;
    for (let n = 0; n < 3; n++) dots.appendChild(document.createElement('span'));
    line.className = 'state';
    line.textContent = '';
    line.appendChild(dots);
  }

  // Shows the card of an order's page; looks again while it is under way.
  function follow(key, url, fresh) {
    const shown = document.querySelector('[data-live="' + key + '"]');
    const part = fresh && fresh.querySelector('[data-live="' + key + '"]');
    const sprite = fresh && fresh.querySelector('[data-live="sprite"]');
    if (!shown) return;
    if (!part) { location.href = url; return; }  // signed out, or an error page: show it
    if (sprite) page.merge(document.querySelector('[data-live="sprite"]'), sprite);
    page.replace(shown, part);
    if (part.dataset.orderState === 'sending') {
      setTimeout(function () { look(key, url); }, LOOK_MS);
    } else {
      setTimeout(function () { release(key, part.dataset.orderState); }, SHOW_MS);
    }
  }

  function look(key, url) {
    page.ask('GET', url, { type: 'document' }).then(function (request) {
      page.offline(false);
      follow(key, url, request.response);
    }).catch(function () {
      page.offline(true);
      setTimeout(function () { look(key, url); }, LOOK_MS * 3);
    });
  }

  // A while after its end the card goes back to what the node reports; a failure stays until it is tried again.
  function release(key, state) {
    const shown = document.querySelector('[data-live="' + key + '"]');
    if (!shown || state === 'failed' || shown.dataset.orderState !== state) return;
    shown.dataset.orderState = '';
    page.refresh();
  }

  // The hub would not take the order: the card as it was, with the sentence that says why.
  function refused(key, before, fresh) {
    const alert = fresh && fresh.querySelector('[role="alert"]');
    before.dataset.orderState = '';
    page.replace(document.querySelector('[data-live="' + key + '"]'), before);
    if (alert) document.querySelector('[data-live="' + key + '"] .why').textContent = alert.textContent;
  }

  document.addEventListener('click', function (event) {
    const button = event.target.closest && event.target.closest('form[data-order] button');
    if (!button || button.disabled) return;
    event.preventDefault();
    const form = button.closest('form'), shown = card(form), key = shown.dataset.live, data = body(form, button);
    const before = shown.cloneNode(true);
    sending(shown);
    page.ask('POST', form.action, {
      type: 'document', body: data, headers: { 'Content-Type': 'application/x-www-form-urlencoded' }
    }).then(function (request) {
      if (/\/orders\//.test(request.responseURL)) follow(key, request.responseURL, request.response);
      else if (/\/sign-in/.test(request.responseURL)) location.href = request.responseURL;
      else refused(key, before, request.response);
    }).catch(function () {
      before.dataset.orderState = '';
      page.replace(document.querySelector('[data-live="' + key + '"]'), before);
      page.offline(true);
      page.offline(true);
    });
  });

  document.querySelectorAll('[data-order-state="sending"]').forEach(function (shown) {
    setTimeout(function () { look(shown.dataset.live, location.href); }, LOOK_MS);
  });
})();
