// The client loop on github.com/coder/websocket: wsspec client --exec 'go run client.go {url}'
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"

	"github.com/coder/websocket"
)

// A connection for each case: net/http keeps one on which a case refused the handshake, for the request of the next.
var options = &websocket.DialOptions{HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}

// open opens a URL, sends each message back if told to, and gives the last one when the connection has ended.
func open(url string, echo bool) (said string) {
	ctx := context.Background()
	socket, _, err := websocket.Dial(ctx, url, options)
	if err != nil {
		return ""
	}
	defer socket.Close(websocket.StatusNormalClosure, "")
	socket.SetReadLimit(64 << 20)
	for {
		kind, data, err := socket.Read(ctx)
		if err != nil {
			return said
		}
		said = string(data)
		if echo && socket.Write(ctx, kind, data) != nil {
			return said
		}
	}
}

func main() {
	url, agent := os.Args[1], "go"
	count, _ := strconv.Atoi(open(url+"/getCaseCount", false))
	numbers := make(chan int)
	var workers sync.WaitGroup
	for i := 0; i < 16; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for number := range numbers {
				open(fmt.Sprintf("%s/runCase?case=%d&agent=%s", url, number, agent), true)
			}
		}()
	}
	for number := 1; number <= count; number++ {
		numbers <- number
	}
	close(numbers)
	workers.Wait()
	open(url+"/updateReports?agent="+agent, false)
}
