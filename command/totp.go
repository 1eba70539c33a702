package command

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"
	"time"
)

// One-time codes as apps show them: TOTP (RFC 6238) with SHA-1, six digits and a new one every 30 seconds.
const (
	codeStep    = 30 // seconds
	codeDigits  = 6
	codeSlack   = 1  // steps by which the clocks of phone and server may differ, RFC 6238 5.2
	leastSecret = 16 // octets, RFC 4226 4 R6
)

// secret decodes the shared secret.
func (c *Config) secret() ([]byte, error) {
	text := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "=", "").Replace(c.Secret.Reveal()))
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	switch {
	case err != nil:
		return nil, errors.New("is not base32 (letters and 2 to 7), as apps for one-time codes take it")
	case len(key) < leastSecret:
		return nil, fmt.Errorf("has %d octets, less than %d (RFC 4226 4): give at least 26 characters", len(key), leastSecret)
	}
	return key, nil
}

// Code finds the step of a one-time code, for which the code has to be newer than the one used last. It returns 0 for a code
// that is wrong, too old or used already.
func (c *Config) Code(code string, now time.Time, last int64) (step int64) {
	key, err := c.secret()
	if err != nil || len(code) != codeDigits {
		return 0
	}
	at := now.Unix() / codeStep
	for n := at - codeSlack; n <= at+codeSlack; n++ {
		if subtle.ConstantTimeCompare([]byte(totp(sha1.New, key, n, codeDigits)), []byte(code)) == 1 && n > last {
			step = n
		}
	}
	return step
}

// totp is the code of a step (RFC 6238 4.2, RFC 4226 5.3).
func totp(h func() hash.Hash, key []byte, step int64, digits int) string {
	mac := hmac.New(h, key)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	power := uint32(1)
	for range digits {
		power *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%power)
}
