import com.amazon.pay.api.PayConfiguration;
import com.amazon.pay.api.RequestSigner;
import com.amazon.pay.api.SignatureHelper;
import com.amazon.pay.api.types.Environment;
import com.amazon.pay.api.types.Region;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import org.json.JSONObject;

/**
 * Reads requests, one a line in JSON, and prints for each the headers with which the SDK signs it, and what it signs when
 * the headers are ours.
 */
public class SignedRequests {
  public static void main(String[] args) throws Exception {
    PrintStream out = System.out;
    System.setOut(System.err);
    Scanner lines = new Scanner(System.in, StandardCharsets.UTF_8);
    while (lines.hasNextLine()) {
      JSONObject request = new JSONObject(lines.nextLine());
      PayConfiguration configuration = new PayConfiguration()
          .setPublicKeyId(request.getString("publicKeyId"))
          .setRegion(Region.valueOf(request.getString("payRegion").toUpperCase()))
          .setPrivateKey(request.getString("privateKey").toCharArray())
          .setEnvironment(Environment.valueOf(request.getString("view").toUpperCase()))
          .setAlgorithm(request.getString("algorithm"));
      URI uri = new URI("https://" + request.getString("host") + request.getString("path"));
      Map<String, String> headers =
          new RequestSigner(configuration).signRequest(uri, "GET", null, "", null);

      SignatureHelper helper = new SignatureHelper(configuration);
      Map<String, List<String>> ours = new HashMap<>();
      JSONObject given = request.getJSONObject("headers");
      for (String name : given.keySet()) {
        ours.put(name, Collections.singletonList(given.getString(name)));
      }
      String canonical = helper.createCanonicalRequest(uri, "GET", null, "", ours);
      String stringToSign = helper.createStringToSign(canonical, request.getString("algorithm"));
      out.println(new JSONObject().put("headers", headers).put("stringToSign", stringToSign));
    }
  }
}
