package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"sync"

	"kurir/account"
)

// bodyBuffers keeps what bodies are read into. Larger ones are left to the
// garbage collector.
var bodyBuffers = sync.Pool{New: func() any { return &bodyBuffer{b: make([]byte, 0, 4<<10)} }}

const maxPooledBody = 64 << 10

// bodyBuffer holds a request's body. Its octets are counted for its owner until
// free is called.
type bodyBuffer struct {
	b       []byte
	owner   bodyOwner
	counted int64
}

func (s *httpServer) tooLarge() *problem {
	return &problem{
		Status: http.StatusRequestEntityTooLarge, Code: codeTooLarge,
		Detail: "the body is larger than " + sizeText(s.MaxBody),
	}
}

// sizeText writes a size as people say it.
func sizeText(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return itoa(n>>20) + " MiB"
	case n >= 1<<10 && n%(1<<10) == 0:
		return itoa(n>>10) + " KiB"
	}
	return itoa(n) + " octets"
}

// readBody reads the body of a request, at most MaxBody octets of it and at most
// what bodyBudget leaves to an account, nil before the login. The caller frees it.
// It is the one place that looks at a body's size and coding; each interface
// says what is wrong in its own words.
func (s *httpServer) readBody(w http.ResponseWriter, r *http.Request, a *account.Account) (*bodyBuffer, *problem) {
	if r.ContentLength > s.MaxBody {
		return nil, s.tooLarge()
	}
	zipped, unknown := isZipped(r)
	if unknown {
		return nil, wrongCoding(w, r)
	}
	buf := bodyBuffers.Get().(*bodyBuffer)
	buf.b, buf.owner = buf.b[:0], bodyOwnerOf(r, a)
	from, announced := io.Reader(r.Body), r.ContentLength
	if zipped {
		z, p := s.unzip(r, buf.owner)
		if p != nil {
			return nil, p
		}
		defer z.free(s)
		from, announced = z, 0
	}
	for {
		if len(buf.b) == cap(buf.b) {
			if p := buf.grow(s, announced); p != nil {
				buf.free(s)
				w.Header().Set("Connection", "close") // the rest is not read
				return nil, p
			}
		}
		n, err := from.Read(buf.b[len(buf.b):cap(buf.b)])
		buf.b = buf.b[:len(buf.b)+n]
		if int64(len(buf.b)) > s.MaxBody { // also in a buffer that was larger before
			buf.free(s)
			w.Header().Set("Connection", "close")
			return nil, s.tooLarge()
		}
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			buf.free(s)
			return nil, brokenBody(err)
		}
	}
}

// grow makes twice the room, but no more than is announced: what a client only
// says is to come takes no memory.
func (b *bodyBuffer) grow(s *httpServer, announced int64) *problem {
	size := min(2*int64(cap(b.b)), s.MaxBody+1)
	if announced >= int64(cap(b.b)) {
		size = min(size, announced+1)
	}
	if p := s.bodies.take(b.owner, size-b.counted); p != nil {
		return p
	}
	b.counted = size
	bigger := make([]byte, len(b.b), size)
	copy(bigger, b.b)
	b.b = bigger
	return nil
}

// free gives the buffer back; nothing may refer to its octets any more.
func (b *bodyBuffer) free(s *httpServer) {
	s.bodies.give(b.owner, b.counted)
	b.counted = 0
	if cap(b.b) <= maxPooledBody {
		bodyBuffers.Put(b)
	}
}

// wantType checks that the body is of this media type; a client that names
// none is believed to have sent it.
func wantType(r *http.Request, want string) *problem {
	given := r.Header.Get("Content-Type")
	if given == "" || given == want {
		return nil
	}
	media, params, err := mime.ParseMediaType(given)
	charset := params["charset"]
	if err == nil && media == want && (charset == "" || isUTF8Name(charset)) {
		return nil
	}
	return &problem{
		Status: http.StatusUnsupportedMediaType, Code: codeContentType,
		Detail: "the body must be " + want + " in UTF-8, as the header Content-Type says",
	}
}
