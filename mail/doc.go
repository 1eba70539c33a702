// Package mail writes mail and hands it to an SMTP server. It knows nothing of
// Kurir.
package mail
