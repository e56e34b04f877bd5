//! The stack's name, and the names that are made of it.

use super::plain::changed;
use super::*;

fn read_at(path: &str, text: &str, stack_name: Option<&str>) -> Result<Loaded, TemplateError> {
    read(Path::new(path), text, &Options { stack_name: stack_name.map(str::to_owned), ..Options::default() })
}

fn function_name(path: &str, text: &str, stack_name: Option<&str>) -> String {
    read_at(path, text, stack_name).unwrap().api.functions["Function"].name.clone()
}

#[test]
fn the_stack_is_called_as_the_user_says_or_as_the_project() {
    let name = |path, stack_name| function_name(path, super::plain::PLAIN, stack_name);
    assert_eq!(name("/nowhere/my chat/template.yaml", None), "my-chat-Function");
    assert_eq!(name("/nowhere/chat/template.yaml", Some("other")), "other-Function");
    assert_eq!(name("/nowhere/chat/.aws-sam/build/template.yaml", None), "chat-Function");
    assert_eq!(name("/nowhere/chat/.serverless/cloudformation-template-update-stack.json", None), "chat-Function");
    assert_eq!(name("/nowhere/chat/cdk.out/ChatStack.template.json", None), "ChatStack-Function");
    assert_eq!(name("/nowhere/.../template.yaml", None), "local-Function");
}

#[test]
fn a_name_that_nobody_has_chosen_is_shortened_until_every_name_fits() {
    let folder = format!("/nowhere/{}/template.yaml", "a-long-name-".repeat(5));
    let role = changed(
        "Role: { Type: AWS::IAM::Role }",
        "Role: { Type: AWS::IAM::Role, Properties: { RoleName: !Sub '${AWS::StackName}-execution-role-of-the-chat' } }",
    );
    let role = role.replace("      Handler: bootstrap\n", "      FunctionName: !Sub '${AWS::StackName}-chat'\n");
    assert_eq!(function_name(&folder, &role, None), "a-long-name-a-long-name-a-long-name-a-chat");
    // Whoever has chosen the name is told.
    let chosen = "a".repeat(60);
    let error = read_at(&folder, &role, Some(&chosen)).unwrap_err();
    assert!(error.to_string().contains("must have 1 to 64 characters, but this name has "), "{error}");
    let help = error.help().unwrap().to_string();
    assert!(help.contains(&format!("`AWS::StackName` in it is `{chosen}`")) && help.contains("--stack-name"), "{help}");
    // Nothing helps a name that is too long by itself.
    let long = changed("      Handler: bootstrap\n", &format!("      FunctionName: {}\n", "x".repeat(65)));
    let error = read_at(&folder, &long, None).unwrap_err();
    assert!(error.help().is_none(), "{error:?}");
}

#[test]
fn a_default_name_that_is_too_long_is_cut_and_stays_unique() {
    let id = "F".repeat(70);
    let text = |id: &str| {
        super::plain::PLAIN
            .replace("Function.Arn", &format!("{id}.Arn"))
            .replace("  Function:\n", &format!("  {id}:\n"))
            .replace("!Ref Function\n", &format!("!Ref {id}\n"))
    };
    let name = |id: &str| load_text(&text(id)).unwrap().api.functions[id].name.clone();
    let (one, other) = (name(&id), name(&format!("{id}F")));
    assert_eq!((one.len(), &one[..8]), (64, "chat-FFF"));
    assert_ne!(one, other);
}
