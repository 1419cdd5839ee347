// A browser that remembers a credential, so that pages for people open at once.

/** For `open`: comes in with the key of the gateway, or with another credential. */
export function signedIn(gateway, credential = gateway.key) {
  const localStorage = [{ name: "wagate.key", value: credential }];
  return { storageState: { cookies: [], origins: [{ origin: gateway.address, localStorage }] } };
}
