import { containsPrivateKey } from '../../../src/domain/key-import/import.ts'

// Throwaway, made with: openssl req -x509 -new -newkey rsa:2048 -nodes -days 2 -subj /CN=shop
// It was chosen because its base64 contains “/n”.
const certificate = `-----BEGIN CERTIFICATE-----
MIIC/zCCAeegAwIBAgIUSD5fLzayVX2c+risMd77kDqerW0wDQYJKoZIhvcNAQEL
BQAwDzENMAsGA1UEAwwEc2hvcDAeFw0yNjExMjYyMzA4MTdaFw0yNjExMjgyMzA4
MTdaMA8xDTALBgNVBAMMBHNob3AwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEK
AoIBAQCswvUjd2oPsRRUNPvnHBYXS3RqkcJ5i4Uo0Tzp4XLV+S0qb/ewOna+OvWM
nzt9qhBLOlKuBLZ1j6TULeZGTJuxplt3IvmjHxX+YkaTDi2CIkbw6Uosj04GbTEx
CjKAck7h5rh4Wd3PCBjExZsCxvuGhZ5dwl64z/F+Kq3DUHAgjIjURwc/nyDnfPfc
c65DZVaxLWsU7IhMeVfkHtjgmZddgQCp+AZDU66A/gazkWOX2mzS2ZCiX55G8XYK
HNM9vO2dYOLOmC29hyDxJFJIPMUAojlnfH0lyYP3KbzUC05FenWliAWpZ7PQ0uI7
D/eGaVLoYw7SXnhF5/rbKKI2PwrLAgMBAAGjUzBRMB0GA1UdDgQWBBQwHhimNK+L
nhrsGxanUI0PMIClDjAfBgNVHSMEGDAWgBQwHhimNK+LnhrsGxanUI0PMIClDjAP
BgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQB4buUnv2YUFZ0V2yW4
7DRHFB2PvvEjytu7bQUTEYRtpJEak2s2BTTtEWtNzHFkfQmDEmdBRdoERVwLfPMQ
Y2+53Hp5+ujLjOkLL7i5PF+BzvWmjKgVYH2BHnFOqeFBfZJ47BfHjpq+vX9BUsyr
kzMCVUcxRU/iqQo+2VYCovCO7BWOHtwqTkODUPABGIjAHSSktMGUSl/UAa6r/ILI
DWKUAnZOzBLmQ2Z7TVSkE5ue1JxCoCHVAK3r3z5VsLRCHxkOEiZv8wk9tjx6UgXP
dOJFyhcHeHW6aQRn9qJb9hf0DrKbyPWl23mvmDR9mnJmUaY3Um31hie95cAz8LfY
ViJR
-----END CERTIFICATE-----
`

test('a certificate whose base64 contains /n is not taken for a private key', () => {
  expect(certificate).toContain('/n')
  expect(containsPrivateKey(certificate)).toBe(false)
})
