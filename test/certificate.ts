/**
 * A certificate that signs itself, for `upstream.test`, `localhost` and 127.0.0.1, until 2126. Its key is public:
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=upstream.test \
 *       -addext subjectAltName=DNS:upstream.test,DNS:localhost,IP:127.0.0.1
 */
export const TEST_CERTIFICATE: { readonly cert: string; readonly key: string } = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBsjCCAVigAwIBAgIUIr4w/2riIuV1xk0FZs83VQ+ypjwwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNdXBzdHJlYW0udGVzdDAgFw0yNjExMjAxNDM1MjFaGA8yMTI2
MTAyNzE0MzUyMVowGDEWMBQGA1UEAwwNdXBzdHJlYW0udGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABC2GiBATglw5q+lE3H3kwqInJ4Pjw+e1zjWKVsIfRg3+
uR41MtELpc0Sn8IIvD1HUmgXnx27mn1035SqYQoB792jfjB8MB0GA1UdDgQWBBQF
MB4iTY5wgMgegdyWWudgo38suzAfBgNVHSMEGDAWgBQFMB4iTY5wgMgegdyWWudg
o38suzAPBgNVHRMBAf8EBTADAQH/MCkGA1UdEQQiMCCCDXVwc3RyZWFtLnRlc3SC
CWxvY2FsaG9zdIcEfwAAATAKBggqhkjOPQQDAgNIADBFAiEA5mSo+1YzBZa4HL2P
z2i45AsHrBos3aQDqKKnVSN8Gl8CIFiTFScAko+J8Wda8fyfCN3WJGDJeTG7XM3u
vc3Wvje8
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJwpB9A4/SqW13tBA
yqU0WuFRFjElcUiTP+iIwKRRhAihRANCAAQthogQE4JcOavpRNx95MKiJyeD48Pn
tc41ilbCH0YN/rkeNTLRC6XNEp/CCLw9R1JoF58du5p9dN+UqmEKAe/d
-----END PRIVATE KEY-----
`,
};
