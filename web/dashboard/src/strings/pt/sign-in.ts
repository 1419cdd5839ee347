// The words of the ways in: sign-in, second step, forgotten passwords, invitations.
import type { Words } from "../pack";

export default {
  title: "Entrar",
  lead: "No espaço de trabalho deste gateway.",
  email: "Endereço de e-mail",
  password: "Senha",
  action: "Entrar",
  wrong: "O e-mail ou a senha está errado.",
  remember: "Lembrar deste dispositivo",
  rememberHint:
    "Até você sair ou o login expirar. Caso contrário, até esta aba ser fechada.",
  forgot: "Esqueceu a senha?",
  back: "Voltar ao login",
  or: "ou com uma chave de API",
  keyAction: "Usar esta chave",
  code: {
    title: "Autenticação em duas etapas",
    lead:
      "Digite o código que seu aplicativo autenticador mostra agora, ou um dos seus códigos de "
      + "recuperação.",
    label: "Código",
    action: "Continuar",
    wrong: "Este código está errado ou já foi usado.",
    over: "Demorou demais. Entre novamente.",
  },
  forgotten: {
    title: "Esqueceu a senha?",
    lead:
      "Um código vai para o seu e-mail, se ele pertencer a uma conta. Se o gateway não envia "
      + "e-mails, um administrador cria um código para você.",
    action: "Enviar um código",
    have: "Tenho um código",
  },
  reset: {
    title: "Escolha uma nova senha",
    lead: "O código tem seis dígitos e vale por alguns minutos. Todos os seus logins terminam.",
    code: "Código",
    password: "Nova senha",
    action: "Alterar senha",
    wrong: "Este código está errado ou expirou.",
    done: "Senha alterada. Entre com a nova.",
  },
  join: {
    title: "Aceite seu convite",
    lead: "Crie sua conta. Use o e-mail que foi convidado.",
    noCode:
      "Falta o código do convite neste endereço. Abra de novo o link do seu e-mail.",
    action: "Criar conta",
  },
  welcome: {
    title: "Criar a primeira conta",
    lead:
      "A primeira conta é dona do espaço de trabalho. Ela é criada no computador do gateway, ou "
      + "depois que você entra com uma chave de API para tudo. Os demais são convidados.",
    link: "É novo aqui? Crie a primeira conta",
    nobody:
      "Ninguém tem uma conta aqui ainda. Entre abaixo com a primeira chave de API do gateway e "
      + "depois crie a primeira conta.",
    company: "Empresa",
  },
  name: "Seu nome",
  passwordHint: "Pelo menos 8 caracteres, com uma letra e um dígito.",
  needed: {
    title: "Entre para trabalhar aqui",
    text: "Esta página é para pessoas. No computador do gateway você pode entrar sem credencial, "
      + "mas conversas, contatos e equipes precisam saber quem você é.",
    first: "Criar a primeira conta",
  },
} satisfies Words["signIn"];
