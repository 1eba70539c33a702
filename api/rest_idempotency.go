package api

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// IdempotencyOptions are the functions of *gateway.Gateway by which requests
// with an Idempotency-Key are known.
type IdempotencyOptions struct {
	Claim    func(ctx context.Context, k *gateway.Keyed) (answer []byte, err error)
	Release  func(k *gateway.Keyed)
	Remember func(ctx context.Context, k *gateway.Keyed, answer []byte) error
}

const (
	keyHeader      = "Idempotency-Key" // draft-ietf-httpapi-idempotency-key-header
	replayedHeader = "Idempotent-Replayed"
	mostKey        = 255 // characters of a key
)

// makes tells whether requests by that method make something, so that a key has
// a meaning: not those that only ask.
func (o *operation) makes(method string) bool {
	return method == http.MethodPost && strings.HasSuffix(string(o.scope), ":write")
}

// repeatable makes of a handler that makes something one that does it once for
// each key.
func (s *httpServer) repeatable(h restHandler) restHandler {
	if s.Idempotency.Claim == nil {
		return h
	}
	return func(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
		if r.Header[keyHeader] == nil {
			return h(w, r, a)
		}
		return s.once(w, r, a, h)
	}
}

// once answers a request with a key: by h if it is the first with it, as the
// first was if it is a repetition.
func (s *httpServer) once(w http.ResponseWriter, r *http.Request, a *account.Account, h restHandler) *problem {
	key, p := requestKey(r.Header[keyHeader])
	if p != nil {
		return p
	}
	if isNDJSON(r) && strings.HasSuffix(r.URL.Path, "/messages") { // not an import
		return faulty(http.StatusBadRequest, codeBadValue, keyHeader, "a stream takes no key; give its lines references, and repeat it from the line on of which nothing was heard")
	}
	body, p := s.readBody(w, r, a)
	if p != nil {
		return p
	}
	defer body.free(s)
	k := &gateway.Keyed{Account: a.Name, Key: key, Request: requestHash(r, body.b)}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	answer, err := s.Idempotency.Claim(ctx, k)
	if err != nil {
		return claimProblem(err)
	}
	if answer != nil {
		return replay(w, k, answer)
	}
	defer s.Idempotency.Release(k)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body.b)), int64(len(body.b))
	r.Header.Del("Content-Encoding")
	o := &onceWriter{ResponseWriter: w, key: k, status: http.StatusOK}
	p = h(o, r, a)
	if answer, err := k.Lost(); err != nil {
		return claimProblem(err)
	} else if answer != nil {
		return replay(w, k, answer)
	}
	if p != nil {
		return p // nothing was made: the key is free again
	}
	return s.finish(r.Context(), o)
}

// finish keeps and sends the answer of a handler.
func (s *httpServer) finish(ctx context.Context, o *onceWriter) *problem {
	if !o.kept && o.status < http.StatusMultipleChoices {
		h := o.Header()
		kept := appendAnswer(nil, o.status, h.Get("Location"), h.Get("ETag"), o.body)
		ctx, cancel := lasting(ctx, s.Timeout)
		defer cancel()
		if err := s.Idempotency.Remember(ctx, o.key, kept); err != nil {
			s.Log.Warn("the answer to a request with a key could not be kept: a repetition of it is not known", "account", o.key.Account, "error", err)
		}
	}
	o.ResponseWriter.WriteHeader(o.status)
	_, _ = o.ResponseWriter.Write(o.body) // a client that has gone can ask again
	return nil
}

// requestKey reads the header: one key of printable ASCII, with or without the
// quotes of a structured field (RFC 9651 3.3.3).
func requestKey(values []string) (string, *problem) {
	key := values[0]
	if n := len(key); n >= 2 && key[0] == '"' && key[n-1] == '"' {
		key = key[1 : n-1]
	}
	bad := func(detail string) (string, *problem) {
		return "", faulty(http.StatusBadRequest, codeBadValue, keyHeader, "%s", detail)
	}
	switch {
	case len(values) > 1:
		return bad("the header Idempotency-Key is given twice")
	case key == "":
		return bad("the header Idempotency-Key is empty: it is a text of your own, such as a UUID, another for every request")
	case len(key) > mostKey:
		return bad("the key has more than " + itoa(mostKey) + " characters")
	case strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }):
		return bad("the key has a character that is not printable ASCII")
	}
	return key, nil
}

// requestHash stands for what was asked: method, path with its parameters, body.
func requestHash(r *http.Request, body []byte) (hash [16]byte) {
	h := sha256.New()
	_, _ = io.WriteString(h, r.Method+" "+r.URL.RequestURI()+"\n")
	_, _ = h.Write(body)
	var sum [sha256.Size]byte
	copy(hash[:], h.Sum(sum[:0]))
	return hash
}

// claimProblem says why a request with a key is not let in.
func claimProblem(err error) *problem {
	var f *message.Failure
	switch {
	case errors.Is(err, gateway.ErrOtherRequest):
		return faulty(http.StatusUnprocessableEntity, codeKeyTaken, keyHeader, "another request came under this key within the last day; a request of its own needs a key of its own")
	case errors.Is(err, gateway.ErrUnderWay):
		p := faulty(http.StatusConflict, codeUnderWay, keyHeader, "the same request is still under way; send it again later, with the same key")
		p.RetryAfter = 1
		return p
	case errors.As(err, &f):
		return failed(f)
	}
	return readProblem(err, "request")
}

// onceWriter keeps the answer to a request with a key until it is on disk.
type onceWriter struct {
	http.ResponseWriter
	key    *gateway.Keyed
	status int
	body   []byte
	kept   bool // it came on disk with what was made
}

// WriteHeader implements http.ResponseWriter.
func (o *onceWriter) WriteHeader(status int) { o.status = status }

// Write implements http.ResponseWriter.
func (o *onceWriter) Write(b []byte) (int, error) {
	o.body = append(o.body, b...)
	return len(b), nil
}

// keptWith returns the key of the request that w answers, for a handler that
// has the answer written with what it makes; nil if there is none.
func keptWith(w http.ResponseWriter) *gateway.Keyed {
	o, ok := w.(*onceWriter)
	if !ok {
		return nil
	}
	o.kept = true
	return o.key
}

// answering has the answer of a handler written with what it makes, a T; nil if
// its request has no key.
func answering[T any](w http.ResponseWriter, answer func(made T) []byte) *gateway.Answering[T] {
	key := keptWith(w)
	if key == nil {
		return nil
	}
	return &gateway.Answering[T]{Key: key, Answer: answer}
}

// partOf gives a key to a part of what is made for a request with a key, for a
// handler that makes it in several commits: from n on, whatever that counts. nil if
// the request has none. No key of a client has the octet in it.
func partOf(w http.ResponseWriter, n int) *gateway.Keyed {
	o, ok := w.(*onceWriter)
	if !ok {
		return nil
	}
	return &gateway.Keyed{Account: o.key.Account, Key: o.key.Key + "\x00" + itoa(int64(n)), Request: o.key.Request}
}

// First octets of kept answers.
const (
	answerVersion = 1
	sealedVersion = 2
)

// appendAnswer appends an answer as it is kept: version, status, Location and
// ETag, the body. docs/store.md describes it.
func appendAnswer(dst []byte, status int, location, tag string, body []byte) []byte {
	dst = binary.AppendUvarint(append(dst, answerVersion), uint64(status))
	for _, text := range [...]string{location, tag} {
		dst = append(binary.AppendUvarint(dst, uint64(len(text))), text...)
	}
	return append(dst, body...)
}

// answerSeal seals answers that have a secret, under the key of their request, of
// which the database has a hash only.
func answerSeal(k *gateway.Keyed) cipher.AEAD {
	key := sha256.Sum256([]byte("kurir answer\x00" + k.Account + "\x00" + k.Key))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // of the length of the key
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return seal
}

func sealAnswer(k *gateway.Keyed, kept []byte) []byte {
	return answerSeal(k).Seal([]byte{sealedVersion}, nil, kept, nil)
}

// replay answers as a request was answered before.
func replay(w http.ResponseWriter, k *gateway.Keyed, kept []byte) *problem {
	if len(kept) > 0 && kept[0] == sealedVersion {
		kept, _ = answerSeal(k).Open(nil, nil, kept[1:], nil) // nothing, if it is damaged
	}
	status, location, tag, body, ok := splitAnswer(kept)
	if !ok {
		return unreadableAnswer()
	}
	h := w.Header()
	if location != "" {
		h.Set("Location", location)
	}
	if tag != "" {
		h.Set("ETag", tag)
	}
	h.Set(replayedHeader, "true")
	writeJSON(w, status, body)
	return nil
}

func unreadableAnswer() *problem {
	return &problem{Status: http.StatusInternalServerError, Code: codeUnreadable, Detail: "the answer that was kept under this key cannot be read"}
}

func splitAnswer(kept []byte) (status int, location, tag string, body []byte, ok bool) {
	if len(kept) == 0 || kept[0] != answerVersion {
		return 0, "", "", nil, false
	}
	rest, bad := kept[1:], false
	number := func() int {
		v, n := binary.Uvarint(rest)
		bad = bad || n <= 0 || v > uint64(len(kept)) && v > 999
		rest = rest[max(n, 0):]
		return int(v)
	}
	text := func() string {
		n := number()
		if bad || n > len(rest) {
			bad = true
			return ""
		}
		t := string(rest[:n])
		rest = rest[n:]
		return t
	}
	status, location, tag = number(), text(), text()
	return status, location, tag, rest, !bad && status >= 200 && status < 300
}
