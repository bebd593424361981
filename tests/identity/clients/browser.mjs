// A person at a browser without JavaScript: follows redirects, keeps cookies, fills in forms.

const DECODED = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&#34;": '"', "&#39;": "'" }
const plain = (html) => html.replace(/&(amp|lt|gt|#34|#39);/g, (found) => DECODED[found])

export class Person {
  constructor({ email, password }) {
    Object.assign(this, { email, password, cookies: new Map() })
  }

  async get(url) {
    return this.#followed(new URL(url), {})
  }

  async #followed(url, options) {
    for (let steps = 0; steps < 10; steps++) {
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ")
      const headers = { ...options.headers, cookie, "accept-language": "en" }
      const answer = await fetch(url, { ...options, headers, redirect: "manual" })
      for (const set of answer.headers.getSetCookie()) {
        const [, name, value] = set.match(/^([^=]+)=([^;]*)/)
        this.cookies.set(name, value)
      }
      if (answer.status !== 303) return { url, answer, html: await answer.text() }
      url = new URL(answer.headers.get("location"), url)
      options = {}
      if (url.pathname === "/callback") return { url }
    }
    throw new Error("too many redirects")
  }

  async send(page, filled) {
    const pairs = new URLSearchParams()
    for (const [, name, value] of page.html.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g))
      pairs.set(plain(name), plain(value))
    for (const [name, value] of Object.entries(filled)) pairs.set(name, value)
    const action = page.html.match(/<form[^>]*action="([^"]*)"/)[1]
    const headers = { "content-type": "application/x-www-form-urlencoded" }
    return this.#followed(new URL(action, page.url), { method: "POST", headers, body: String(pairs) })
  }

  // Go where a client sends the person, and return the address that comes back to the client.
  async authorize(url) {
    let page = await this.get(url)
    if (page.url.pathname === "/sign-in")
      page = await this.send(page, { email: this.email, password: this.password })
    if (page.html?.includes('name="decision"')) page = await this.send(page, { decision: "allow" })
    if (page.url.pathname !== "/callback") throw new Error(`${page.answer.status}: ${page.html}`)
    return page.url
  }
}

export async function input() {
  let text = ""
  for await (const chunk of process.stdin) text += chunk
  const given = JSON.parse(text)
  given.key = await crypto.subtle.importKey("jwk", given.jwk, algorithm(given.jwk), false, ["sign"])
  return given
}

const algorithm = (jwk) =>
  jwk.kty === "EC" ? { name: "ECDSA", namedCurve: "P-256" } : { name: "Ed25519" }

export async function refused(promise, error) {
  try {
    await promise
  } catch (caught) {
    const said = caught.error ?? caught.cause?.error ?? caught.code
    if (said === error) return true
    throw caught
  }
  throw new Error(`expected ${error}`)
}
