// Changes of the query replace the page's entry of the browser's history; another page adds one.

const MOMENT = 500; // milliseconds

const add = window.history.pushState.bind(window.history);
const replace = window.history.replaceState.bind(window.history);
/** @type {{ address: string | null, timer: number }} the page's address before a change of its query, for a moment */
const left = { address: null, timer: 0 };

const forget = () => {
  left.address = null;
};

export default function () {
  window.history.pushState = (data, unused, url) => {
    if (url && new URL(url, document.baseURI).pathname === window.location.pathname) {
      left.address ??= window.location.href;
      window.clearTimeout(left.timer);
      left.timer = window.setTimeout(forget, MOMENT);
      replace(data, unused, url);
    } else {
      // Streamlit may write the next page's query into this page's address before it changes the page.
      if (left.address) replace(window.history.state, "", left.address);
      forget();
      add(data, unused, url);
    }
  };
}
