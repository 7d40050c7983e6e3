import com.amazon.pay.api.AmazonPayClient;
import com.amazon.pay.api.PayConfiguration;
import com.amazon.pay.api.types.Environment;
import com.amazon.pay.api.types.Region;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Scanner;

/** Reads private keys, one a line in base64, and prints for each the SDK's signature, or nothing. */
public class ButtonSignatures {
  public static void main(String[] args) throws Exception {
    PrintStream out = System.out;
    System.setOut(System.err);
    Scanner lines = new Scanner(System.in, StandardCharsets.US_ASCII);
    while (lines.hasNextLine()) {
      String key = new String(Base64.getDecoder().decode(lines.nextLine()), StandardCharsets.UTF_8);
      String signature = "";
      try {
        PayConfiguration configuration = new PayConfiguration()
            .setPublicKeyId("SANDBOX-AAAAAAAAAAAAAAAAAAAAAAAA")
            .setRegion(Region.EU)
            .setPrivateKey(key)
            .setEnvironment(Environment.SANDBOX);
        signature = new AmazonPayClient(configuration).generateButtonSignature("{}");
      } catch (Throwable refused) {
        signature = "";
      }
      out.println(signature);
    }
  }
}
