package mail

import (
	"net/url"
	"strings"
)

// partHeader is what the header of a part says about what follows.
type partHeader struct {
	kind     string // media type in small letters
	params   map[string]string
	encoding string // in small letters
	name     string // of a file, decoded, without a path
	attached bool   // Content-Disposition: attachment
	id       bool   // it has a Content-ID, by which an HTML page names it
}

// readPartHeader reads the fields of RFC 2045 and RFC 2183.
func readPartHeader(fields []field, usual string) partHeader {
	h := partHeader{encoding: strings.ToLower(strings.TrimSpace(get(fields, "Content-Transfer-Encoding")))}
	h.encoding, _, _ = strings.Cut(h.encoding, ";")
	kind, params := mediaType(get(fields, "Content-Type"))
	if !strings.Contains(kind, "/") {
		if kind == "text" || kind == "" {
			kind = usual
		} else {
			kind = "application/octet-stream"
		}
	}
	h.kind, h.params = kind, params
	h.id = get(fields, "Content-Id") != ""
	disposition, more := mediaType(get(fields, "Content-Disposition"))
	h.attached = disposition == "attachment"
	h.name = more["filename"]
	if h.name == "" {
		h.name = firstOf(extendedName(get(fields, "Content-Disposition")+";"+get(fields, "Content-Type")), params["name"])
	}
	h.name = fileName(decodeWords(h.name))
	if h.kind == "application/octet-stream" && strings.EqualFold(h.name, "winmail.dat") {
		h.kind = "application/ms-tnef"
	}
	return h
}

// extendedName finds a file's name in a charset of which package mime knows
// nothing: filename*=iso-8859-1”l%E4s.pdf (RFC 2231 4).
func extendedName(value string) string {
	found := nameInCharset().FindStringSubmatch(value)
	if found == nil {
		return ""
	}
	name, err := url.PathUnescape(found[2])
	if err != nil {
		return found[2]
	}
	return toUTF8([]byte(name), found[1])
}

var nameInCharset = onDemand(`(?i)name\*=\s*([a-z0-9_-]+)'[^']*'([^;\s]+)`)

// fileName takes the path off a name, of either slash, and shortens it to what a
// list can show.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if runes := []rune(name); len(runes) > 100 {
		name = strings.TrimSpace(string(runes[:100]))
	}
	return name
}

// encoded tells whether the part has to be decoded before it can be read line by
// line.
func (h *partHeader) encoded() bool {
	return h.encoding == "base64" || h.encoding == "quoted-printable"
}

// encrypted tells what only its recipient can read (RFC 8551 3.3, RFC 1847 2.2).
func (h *partHeader) encrypted() bool {
	return h.kind == "multipart/encrypted" || strings.HasSuffix(h.params["smime-type"], "enveloped-data")
}

// keeps tells whether the content of the part is looked at: texts that are not
// files, and what reports and invitations say.
func (h *partHeader) keeps() bool {
	switch h.kind {
	case "text/plain", "text/html":
		return !h.attached && (h.name == "" || h.kind == "text/plain" && h.params["format"] != "")
	case "message/rfc822", "message/global":
		return true // encoded, and therefore not read line by line
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return !h.encrypted() && h.params["smime-type"] != "certs-only"
	case "application/ms-tnef", "application/vnd.ms-tnef", "text/calendar", "text/rfc822-headers", "message/rfc822-headers",
		"message/delivery-status", "message/global-delivery-status", "message/global-headers":
		return true
	case "text/enriched", "text/richtext", "text/markdown", "text/x-markdown":
		return !h.attached && h.name == ""
	}
	return false
}

// inline tells of a part that is no text whether it is no attachment for people
// either: a picture of the text, a signature, the other form of an invitation.
func (h *partHeader) inline() bool {
	switch h.kind {
	case "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature", "application/pgp-encrypted",
		"message/disposition-notification", "text/calendar":
		return true
	}
	return h.id && !h.attached && strings.HasPrefix(h.kind, "image/")
}
