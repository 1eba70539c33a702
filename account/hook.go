package account

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"

	"kurir/message"
)

// hookPrefix is how a secret of Standard Webhooks begins; base64 follows.
const hookPrefix = "whsec_"

// NewHookSecret makes a secret for webhooks of 256 random bits (Standard Webhooks 1.0: 24 to 64 octets).
func NewHookSecret() string {
	bits := make([]byte, 32)
	_, _ = rand.Read(bits) // never fails (crypto/rand)
	return hookPrefix + base64.StdEncoding.EncodeToString(bits)
}

// HookKey gives the octets by which a webhook's secret signs: one that begins with whsec_ is base64, any other is taken as it stands.
func HookKey(secret string) []byte {
	if encoded, ok := strings.CutPrefix(secret, hookPrefix); ok {
		if key, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return key
		}
	}
	return []byte(secret)
}

// HookSecrets gives the secrets with which what is pushed to the customer is signed at a time: its webhook_secret, and the one
// before it while that signs too. Empty: none. Of accounts of a Directory only.
func (a *Account) HookSecrets(now time.Time) (secret, previous string) {
	if secret = a.WebhookSecret.Reveal(); secret != "" && a.PreviousSigns(now) {
		previous = a.WebhookSecretPrevious.Reveal()
	}
	return secret, previous
}

// PreviousSigns tells whether the secret before signs too at a time.
func (a *Account) PreviousSigns(now time.Time) bool {
	return a.WebhookSecretPrevious != "" && (a.signs.IsZero() || now.Before(a.signs))
}

func (a *Account) validateHookSecrets(report func(field, problem string)) {
	for field, secret := range map[string]message.Secret{"webhook_secret": a.WebhookSecret, "webhook_secret_previous": a.WebhookSecretPrevious} {
		if encoded, ok := strings.CutPrefix(secret.Reveal(), hookPrefix); ok {
			if key, err := base64.StdEncoding.DecodeString(encoded); err != nil || len(key) == 0 {
				report(field, "whsec_ is not followed by base64; write the secret as its maker gave it, or another text without whsec_")
			}
		}
	}
	if a.WebhookSecretPrevious != "" && a.WebhookSecret == "" {
		report("webhook_secret_previous", "has no effect without webhook_secret")
	}
	if _, err := ParseExpiry(a.WebhookSecretPreviousExpires); err != nil {
		report("webhook_secret_previous_expires", err.Error())
	}
}
