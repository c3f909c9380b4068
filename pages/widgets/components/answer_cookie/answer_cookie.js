// Sets a cookie. Without a path it holds for all pages of this app, and for no other app of the same host.

/** @import { Component } from "../shared/types.js" */

/** @param {Component<string>} component `data` is "name=value" */
export default function ({ data }) {
  document.cookie = `${data}; SameSite=Lax`;
}
