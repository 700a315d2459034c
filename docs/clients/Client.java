// The client loop on the WebSocket of the JDK (11 and later): wsspec client --exec 'java Client.java {url}'
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

public class Client {
    static final HttpClient HTTP = HttpClient.newHttpClient();

    public static void main(String[] words) throws Exception {
        String url = words[0], agent = words.length > 1 ? words[1] : "jdk";
        String name = URLEncoder.encode(agent, StandardCharsets.UTF_8);
        int count = Integer.parseInt(open(url + "/getCaseCount", false));
        var workers = Executors.newFixedThreadPool(16);
        for (int number = 1; number <= count; number++) {
            String path = url + "/runCase?case=" + number + "&agent=" + name;
            workers.submit(() -> open(path, true));
        }
        workers.shutdown();
        workers.awaitTermination(1, TimeUnit.HOURS);
        open(url + "/updateReports?agent=" + name, false);
    }

    /** Opens a URL, sends each fragment back if told to, and gives the text when the connection has ended. */
    static String open(String url, boolean echo) {
        var ended = new CompletableFuture<String>();
        try {
            var socket = HTTP.newWebSocketBuilder().buildAsync(URI.create(url), new WebSocket.Listener() {
                final StringBuilder said = new StringBuilder();

                public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
                    said.append(text);
                    return next(socket, echo ? socket.sendText(text.toString(), last) : null);
                }

                public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
                    var copy = ByteBuffer.allocate(data.remaining()).put(data).flip();
                    return next(socket, echo ? socket.sendBinary(copy, last) : null);
                }

                public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
                    ended.complete(said.toString());
                    return null;
                }

                public void onError(WebSocket socket, Throwable error) {
                    ended.complete(said.toString());
                }
            });
            socket.exceptionally(error -> {
                ended.complete("");
                return null;
            });
            return ended.get(30, TimeUnit.SECONDS);
        } catch (Exception error) {
            return "";
        }
    }

    /** Asks for more once what is sent back has gone out: only one may be on its way. */
    static CompletionStage<?> next(WebSocket socket, CompletionStage<WebSocket> sent) {
        if (sent == null) {
            socket.request(1);
            return null;
        }
        return sent.thenRun(() -> socket.request(1));
    }
}
