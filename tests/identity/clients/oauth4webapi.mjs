import * as oauth from "oauth4webapi"
import { Person, input, refused } from "./browser.mjs"

const { issuer, web, open, signer, key, kid, person, audience } = await input()
const loopback = { [oauth.allowInsecureRequests]: true }
const checks = {}

let server
for (const algorithm of ["oidc", "oauth2"]) {
  const answer = await oauth.discoveryRequest(new URL(issuer), { algorithm, ...loopback })
  server = await oauth.processDiscoveryResponse(new URL(issuer), answer)
  checks[`discovery by ${algorithm}`] =
    server.authorization_response_iss_parameter_supported &&
    server.code_challenge_methods_supported.includes("S256")
}

async function code(client, scope) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const nonce = oauth.generateRandomNonce()
  const url = new URL(server.authorization_endpoint)
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: client.id,
    redirect_uri: client.redirect_uri,
    scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  })
  const back = await new Person(person).authorize(url)
  const parameters = oauth.validateAuthResponse(server, { client_id: client.id }, back, state)
  return { parameters, verifier, nonce }
}

for (const [name, client, proof] of [
  ["secret", web, () => oauth.ClientSecretBasic(web.secret)],
  ["public", open, () => oauth.None()],
  ["private_key_jwt", signer, () => oauth.PrivateKeyJwt({ key, kid })],
]) {
  const who = { client_id: client.id }
  const { parameters, verifier, nonce } = await code(client, "openid orders:read")
  const redeem = () => oauth.authorizationCodeGrantRequest(
    server, who, proof(), parameters, client.redirect_uri, verifier, loopback)
  const answer = await redeem()
  const first = await oauth.processAuthorizationCodeResponse(
    server, who, answer, { expectedNonce: nonce, requireIdToken: true })
  await oauth.validateApplicationLevelSignature(server, answer, loopback)
  checks[`${name}: code and ID token`] = oauth.getValidatedIdTokenClaims(first).name === person.name

  const headers = { authorization: `Bearer ${first.access_token}` }
  const claims = await oauth.validateJwtAccessToken(
    server, new Request(`${issuer}/api`, { headers }), audience, loopback)
  checks[`${name}: JWT access token`] = claims.client_id === client.id

  const refreshed = await oauth.processRefreshTokenResponse(server, who,
    await oauth.refreshTokenGrantRequest(server, who, proof(), first.refresh_token, loopback))
  checks[`${name}: refresh`] = refreshed.refresh_token !== first.refresh_token
  if (name !== "public") {
    const seen = await oauth.processIntrospectionResponse(server, who,
      await oauth.introspectionRequest(server, who, proof(), refreshed.access_token, loopback))
    checks[`${name}: introspection`] = seen.active && seen.sub === claims.sub
  }
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, who, proof(), refreshed.refresh_token, loopback))
  checks[`${name}: revocation`] = await refused(
    (async () => oauth.processRefreshTokenResponse(server, who,
      await oauth.refreshTokenGrantRequest(server, who, proof(), refreshed.refresh_token, loopback)))(),
    "invalid_grant")
  checks[`${name}: a code is used once`] = await refused(
    (async () => oauth.processAuthorizationCodeResponse(server, who, await redeem()))(),
    "invalid_grant")
}
const who = { client_id: signer.id }
const own = await oauth.processClientCredentialsResponse(server, who,
  await oauth.clientCredentialsGrantRequest(
    server, who, oauth.PrivateKeyJwt({ key, kid }), { scope: "orders:read" }, loopback))
checks["client credentials"] = own.scope === "orders:read"
console.log(JSON.stringify(checks))
