package api

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

const (
	// zippedFrom is how many octets an answer has before it is compressed: less
	// fits into one packet anyway.
	zippedFrom = 1400
	// zippedFromRequest is how large a request's body is before its answer is looked
	// at for compression: that to one message is always small.
	zippedFromRequest = 8 << 10
	// zipMemory is what unpacking takes, counted with the bodies.
	zipMemory = 64 << 10
)

// zippedAnswers has answers of h compressed that are worth it.
func zippedAnswers(h http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.EnableZstd(false), gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.MinSize(zippedFrom),
		gzhttp.ContentTypeFilter(worthZipping),
	)
	if err != nil {
		panic(err) // of options that stand above
	}
	return wrap(h)
}

// worthZipping tells whether answers of a media type shrink. Streams of events are
// not kept back to be compressed.
func worthZipping(media string) bool {
	media, _, _ = strings.Cut(media, ";")
	return strings.HasPrefix(media, "text/") && media != "text/event-stream" || strings.HasSuffix(media, "json") ||
		media == "application/javascript" || media == "image/svg+xml"
}

// mayZip tells whether the answer to a request may be compressed: of our own
// interface, as the dialects answer to the octet as their models do; asked for; and
// perhaps large. It costs the hot path next to nothing.
func mayZip(r *http.Request) bool {
	switch {
	case r.Method != http.MethodGet && r.ContentLength < zippedFromRequest:
		return false
	case !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"):
		return false
	}
	return (strings.HasPrefix(r.URL.Path, "/v1/") || r.URL.Path == "/openapi.json" || strings.HasPrefix(r.URL.Path, "/docs")) && !isNDJSON(r)
}

var unzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// unzipper unpacks a body as it is read. The caller bounds what he takes.
type unzipper struct {
	body  io.Reader
	owner bodyOwner
	gz    *gzip.Reader // nil until the first read
	err   error
}

// isZipped tells whether a body is compressed with gzip (RFC 9110 8.4.1.3), and
// whether it is compressed in a way that is not known.
func isZipped(r *http.Request) (zipped, unknown bool) {
	switch coding := r.Header.Get("Content-Encoding"); {
	case coding == "", strings.EqualFold(coding, "identity"):
		return false, false
	case strings.EqualFold(coding, "gzip"), strings.EqualFold(coding, "x-gzip"):
		return true, len(r.Header["Content-Encoding"]) > 1
	}
	return false, true
}

// wrongCoding refuses a body that is compressed in a way that is not known.
func wrongCoding(w http.ResponseWriter, r *http.Request) *problem {
	w.Header().Set("Accept-Encoding", "gzip, identity") // RFC 9110 12.5.3
	return &problem{
		Status: http.StatusUnsupportedMediaType, Code: codeEncoding,
		Detail: "the body may be compressed with gzip or not at all (the header Content-Encoding says " + clip(r.Header.Get("Content-Encoding")) + ")",
	}
}

// unzipError is what is wrong with the data, not with its arrival.
type unzipError struct{ error }

// brokenBody is the problem of a body that could not be read to its end.
func brokenBody(err error) *problem {
	if errors.As(err, &unzipError{}) {
		return &problem{Status: http.StatusBadRequest, Code: codeEncoding, Detail: "the body is not gzip as the header Content-Encoding says"}
	}
	return &problem{Status: http.StatusBadRequest, Code: codeBadValue, Detail: "the body did not arrive whole"}
}

// Read reads unpacked octets.
func (u *unzipper) Read(p []byte) (n int, err error) {
	if u.err != nil {
		return 0, u.err
	}
	if u.gz == nil {
		u.gz = unzippers.Get().(*gzip.Reader)
		err = u.gz.Reset(u.body)
	}
	if err == nil {
		n, err = u.gz.Read(p)
	}
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) {
		err = unzipError{err}
	}
	u.err = err
	return n, err
}

// unzip prepares the unpacking of a body. The caller frees it.
func (s *httpServer) unzip(r *http.Request, owner bodyOwner) (*unzipper, *problem) {
	if p := s.bodies.take(owner, zipMemory); p != nil {
		return nil, p
	}
	return &unzipper{body: r.Body, owner: owner}, nil
}

// free gives the memory back.
func (u *unzipper) free(s *httpServer) {
	s.bodies.give(u.owner, zipMemory)
	if u.gz != nil {
		unzippers.Put(u.gz)
		u.gz = nil
	}
	u.err = io.ErrClosedPipe
}
