// Changes of the query replace the page's entry of the browser's history; another page adds one.

const add = window.history.pushState.bind(window.history);
const replace = window.history.replaceState.bind(window.history);

export default function () {
  window.history.pushState = (data, unused, url) => {
    const samePage = url && new URL(url, document.baseURI).pathname === window.location.pathname;
    (samePage ? replace : add)(data, unused, url);
  };
}
