import * as oauth from "openid-client"
import { Person, input, refused } from "./browser.mjs"

const { issuer, web, open, signer, key, kid, person, audience } = await input()
const loopback = { execute: [oauth.allowInsecureRequests] }
const checks = {}

async function signIn(config, client, scope) {
  const verifier = oauth.randomPKCECodeVerifier()
  const state = oauth.randomState()
  const nonce = oauth.randomNonce()
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: client.redirect_uri,
    scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  })
  const back = await new Person(person).authorize(url)
  const expected = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
  const tokens = await oauth.authorizationCodeGrant(config, back, { ...expected, idTokenExpected: true })
  checks["a code is used once"] = await refused(
    oauth.authorizationCodeGrant(config, back, expected), "invalid_grant")
  return tokens
}

for (const algorithm of ["oidc", "oauth2"]) {
  const config = await oauth.discovery(
    new URL(issuer), web.id, {}, oauth.ClientSecretBasic(web.secret), { ...loopback, algorithm })
  checks[`discovery by ${algorithm}`] = config.serverMetadata().supportsPKCE()
}
for (const [name, client, proof] of [
  ["secret", web, oauth.ClientSecretBasic(web.secret)],
  ["public", open, oauth.None()],
  ["private_key_jwt", signer, oauth.PrivateKeyJwt({ key, kid })],
]) {
  const config = await oauth.discovery(new URL(issuer), client.id, {}, proof, loopback)
  oauth.enableNonRepudiationChecks(config)
  const spent = await signIn(config, client, "openid orders:read")
  checks[`${name}: reuse ended the family`] = await refused(
    oauth.refreshTokenGrant(config, spent.refresh_token), "invalid_grant")
  const state = oauth.randomState()
  const verifier = oauth.randomPKCECodeVerifier()
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: client.redirect_uri,
    scope: "openid orders:read orders:confirm",
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  })
  const back = await new Person(person).authorize(url)
  const first = await oauth.authorizationCodeGrant(
    config, back, { pkceCodeVerifier: verifier, expectedState: state })
  checks[`${name}: code and ID token`] = first.claims().name === person.name
  const second = await oauth.refreshTokenGrant(config, first.refresh_token)
  checks[`${name}: refresh`] = second.refresh_token !== first.refresh_token
  if (name !== "public") {
    const seen = await oauth.tokenIntrospection(config, second.access_token)
    checks[`${name}: introspection`] = seen.active && seen.aud === audience
  }
  await oauth.tokenRevocation(config, second.refresh_token)
  checks[`${name}: revocation`] = await refused(
    oauth.refreshTokenGrant(config, second.refresh_token), "invalid_grant")
}
const machine = await oauth.discovery(
  new URL(issuer), signer.id, {}, oauth.PrivateKeyJwt({ key, kid }), loopback)
const own = await oauth.clientCredentialsGrant(machine, { scope: "orders:read" })
checks["client credentials"] = own.scope === "orders:read" && own.expires_in === 300
console.log(JSON.stringify(checks))
